-- Run as superuser in the catalog's database: only its owner and writers may take advisory locks there. Their numbers are
-- public, and whoever holds one could stop migrations and publishing for as long as he likes.
do $$
declare
    lock regprocedure;
    writer text;
begin
    for lock in
        select oid::regprocedure from pg_proc
        where pronamespace = 'pg_catalog'::regnamespace and proname ~ '^pg_(try_)?advisory_(xact_)?lock'
    loop
        execute format('revoke execute on function %s from public', lock);
        foreach writer in array array['mediaindex', 'mediaindex_writer'] loop
            if exists (select from pg_roles where rolname = writer) then
                execute format('grant execute on function %s to %I', lock, writer);
            end if;
        end loop;
    end loop;
    execute format('revoke connect, temporary on database %I from public', current_database());
    foreach writer in array array['mediaindex_reader', 'mediaindex_writer'] loop
        if exists (select from pg_roles where rolname = writer) then
            execute format('grant connect on database %I to %I', current_database(), writer);
        end if;
    end loop;
end
$$;
