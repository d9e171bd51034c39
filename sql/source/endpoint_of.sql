-- Makes pipeline.endpoint_of from pipeline.endpoint_templates; without any there is none, and reading stays as cheap.
-- One expression after two assignments: a loop over the templates, or a join with them, costs several times as much.
drop function if exists pipeline.endpoint_of(text);
do $do$
declare
    branches text;
begin
    select
        string_agg(
            case
                when takes_rest then format(
                    'when slashes > %1$s and path like %2$L '
                    'and array_to_string((string_to_array(path, ''/''))[:%1$s + 1], ''/'') like %3$L then %4$L',
                    slashes, pattern || '/%', pattern, template
                )
                else format('when slashes = %s and path like %L then %L', slashes, pattern, template)
            end,
            E'\n        '
            order by position
        )
    into branches
    from pipeline.endpoint_templates;
    if branches is null then
        return;
    end if;
    execute format(
        'create function pipeline.endpoint_of(endpoint text) returns text '
        'language plpgsql immutable parallel safe as %L',
        format(
            $body$
declare
    path constant text := split_part(endpoint, '?', 1);
    slashes constant int := length(path) - length(replace(path, '/', ''));
begin
    return case
        %s
        else endpoint
    end;
end
$body$,
            branches
        )
    );
    comment on function pipeline.endpoint_of is
    'The template that an endpoint matches, without its query string, or the endpoint itself. '
    'init makes it from pipeline.endpoint_templates.';
end
$do$;
