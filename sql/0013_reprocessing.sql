-- Turns are asked for their language, a transcript at a time.
create index turn_by_language on turn (transcript_id, language);

-- Digits are those of ASCII, whatever the database's locale takes for one.
create or replace function told_date(metadata jsonb) returns date language plpgsql immutable as $$
declare
    parts text[] := regexp_match(metadata ->> 'date', '^([0-9]{4})[-/_.]?([0-9]{2})[-/_.]?([0-9]{2})');
begin
    return make_date(parts[1]::int, parts[2]::int, parts[3]::int);
exception when datetime_field_overflow then
    return null;
end $$;
