/** Columns of the mock-up; narrow the last pulls are told in the row's second line. */
export const mirrorColumns =
  'grid grid-cols-[14px_16px_minmax(0,1fr)_48px_60px_84px] items-center gap-x-2 min-[1108px]:grid-cols-[14px_16px_minmax(0,1fr)_52px_64px_150px_84px] min-[1108px]:gap-x-2.5';
