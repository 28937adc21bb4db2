/** What needs a kernel of one’s own beyond the limits. */
import './devices.ts';
import './propagation.ts';
