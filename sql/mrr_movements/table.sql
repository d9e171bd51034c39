create table if not exists rollup.mrr_movements (
    day date not null,
    tenant_id @tenant_id_type not null,
    movement text not null check (
        movement in ('new', 'expansion', 'contraction', 'churn', 'reactivation', 'fx_impact')
    ),
    amount numeric not null,
    primary key (day, tenant_id, movement)
);
create index if not exists mrr_movements_tenant on rollup.mrr_movements (tenant_id, day);
comment on table rollup.mrr_movements is
'How a tenant''s MRR moved on a day (the platform''s): MRR of the day before + movements = MRR of the day.';
comment on column rollup.mrr_movements.day is 'Calendar day in the platform''s zone.';
comment on column rollup.mrr_movements.tenant_id is 'Tenant.';
comment on column rollup.mrr_movements.movement is 'new, expansion, contraction, churn, reactivation, fx_impact.';
comment on column rollup.mrr_movements.amount is
'Change in the platform''s currency, exact; negative where MRR went down.';
