-- Nothing is priced yet: in another currency, prices, rates and MRR are taken in as if for the first time.
with prices as (
    delete from pipeline.book_prices
),

rates as (
    delete from pipeline.book_rates
),

mrr_rates as (
    delete from pipeline.mrr_rates
),

mrr as (
    delete from pipeline.mrr_progress
)

delete from pipeline.books
