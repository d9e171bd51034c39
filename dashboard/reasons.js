// Why a cost is not known, in words.

const REASONS = {
  no_price: "no price was in force",
  overlapping_prices: "two prices were in force at once",
  unusable_price: "its price cannot be used",
  no_rate: "no exchange rate is known",
  ambiguous_rate: "two exchange rates are known",
};

/** Of the hours of a day that are in one line, each may have a reason of its own; one that is not ours is shown as it came. */
export const why = (reasons) => String(reasons).split(", ").map((reason) => REASONS[reason] ?? reason.replaceAll("_", " ")).join(", or ");
