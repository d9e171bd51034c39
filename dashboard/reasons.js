// Why a cost is not known, in words.

const REASONS = {
  no_price: "no price was in force",
  overlapping_prices: "two prices were in force at once",
  unusable_price: "its price cannot be used",
  no_rate: "no exchange rate is known",
  ambiguous_rate: "two exchange rates are known",
};

/** A reason that is not among ours is shown as it came. */
export const why = (reason) => REASONS[reason] ?? String(reason).replaceAll("_", " ");
