import presets from '../../../../assets/mirror-presets.json';

export type PresetState = 'open' | 'account' | 'inside' | 'restricted' | 'closed';

/** A well-known mirror, as text: nobody is contacted before it is added. */
export interface Preset {
  readonly id: string;
  readonly name: string;
  readonly note: string;
  readonly state: PresetState;
  /** Day of the source that tells its state; absent where the source has none. */
  readonly checked: string | undefined;
  /** Where that was read. */
  readonly source: string;
  /** Addresses by registry. */
  readonly mirrors: Readonly<Record<string, string>>;
  /** The address is only a pattern: everybody has one of their own. */
  readonly own: boolean;
}

/** Those that work for anybody come first, those that do not last. */
const rank = ['open', 'account', 'inside', 'restricted', 'closed'] as const satisfies readonly PresetState[];
const isState = (state: string): state is PresetState => rank.some((each) => each === state);

type Words = Readonly<Record<string, string>>;
const wordsOf = (words: Words, language: string) => words[language] ?? words.en ?? '';

/** The presets for a registry, in the order in which they are offered. */
export function presetsFor(domain: string, language: string): readonly Preset[] {
  const all = presets.map((preset): Preset => {
    const { checked, own } = preset as { checked?: string; own?: boolean };
    return {
      id: preset.id,
      name: wordsOf(preset.name, language),
      note: wordsOf(preset.note, language),
      state: isState(preset.state) ? preset.state : 'closed',
      checked,
      source: preset.source,
      mirrors: preset.mirrors as Readonly<Record<string, string>>,
      own: own ?? false,
    };
  });
  const fitting = all.filter(({ mirrors }) => domain in mirrors);
  return fitting.sort((a, b) => rank.indexOf(a.state) - rank.indexOf(b.state));
}
