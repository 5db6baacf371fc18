-- Rights of the roles that exist. Runs at every migration, so that roles may be created later; also for tables to come.
do $$
begin
    if exists (select from pg_roles where rolname = 'mediaindex_reader') then
        grant usage on schema public to mediaindex_reader;
        grant select on all tables in schema public to mediaindex_reader;
        alter default privileges in schema public grant select on tables to mediaindex_reader;
    end if;
    if exists (select from pg_roles where rolname = 'mediaindex_writer') then
        grant usage on schema public to mediaindex_writer;
        grant select, insert, update, delete on all tables in schema public to mediaindex_writer;
        grant usage, select on all sequences in schema public to mediaindex_writer;
        alter default privileges in schema public grant select, insert, update, delete on tables to mediaindex_writer;
        alter default privileges in schema public grant usage, select on sequences to mediaindex_writer;
        revoke insert, update, delete on schema_migration from mediaindex_writer;
    end if;
end
$$;
