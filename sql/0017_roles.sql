-- Roles of the catalog beside its owner: `mediaindex_reader` for analysts, `mediaindex_writer` for programs. They cannot log
-- in; grant them to those who can. Without the right to create roles nothing happens: create them by hand, and migrate
-- again. What they may do is in grants.sql, which every migration runs.
do $$
declare
    name text;
begin
    foreach name in array array['mediaindex_reader', 'mediaindex_writer'] loop
        if not exists (select from pg_roles where rolname = name) then
            begin
                execute format('create role %I nologin', name);
            exception
                when insufficient_privilege or duplicate_object or unique_violation then
                    raise notice 'role % was not created', name;
            end;
        end if;
    end loop;
end
$$;
