/** The boot that is part of npm test. */
import './limits.ts';
import './conformance.ts';
