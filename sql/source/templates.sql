create table if not exists pipeline.endpoint_templates (
    position int primary key,
    template text not null,
    pattern text not null,
    slashes int not null,
    takes_rest boolean not null
);
comment on table pipeline.endpoint_templates is
'The endpoint templates that init has applied; hours that were rolled up before keep their names until a backfill.';
comment on column pipeline.endpoint_templates.position is 'Order: the first template that matches counts.';
comment on column pipeline.endpoint_templates.template is 'Template, and the name of the endpoints that match it.';
comment on column pipeline.endpoint_templates.pattern is
'The template for LIKE, without the rest; as many slashes keep what stands for a variable within its segment.';
comment on column pipeline.endpoint_templates.slashes is 'Slashes of the pattern.';
comment on column pipeline.endpoint_templates.takes_rest is 'Whether a slash and anything may follow.';
