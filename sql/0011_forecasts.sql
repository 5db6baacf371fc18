-- What a backfill was expected to take, kept so that it can be compared with what it took.

create table forecast (
    id         bigint generated always as identity primary key,
    source     text             not null check (source <> ''),
    bucket     text             not null check (bucket <> ''),
    prefixes   text[]           not null,
    first_at   timestamptz      not null,
    last_at    timestamptz      not null check (last_at >= first_at),
    by_date    boolean          not null,
    made_at    timestamptz      not null default clock_timestamp(),
    actor      text             not null default coalesce(nullif(current_setting('application_name'), ''), current_user),
    files      bigint           not null check (files >= 0),
    audio_s    double precision not null check (audio_s >= 0 and audio_s < 'infinity'),
    wall_s     double precision not null check (wall_s >= 0 and wall_s < 'infinity'),
    cpu_s      double precision not null check (cpu_s >= 0 and cpu_s < 'infinity'),
    gpu_s      double precision not null check (gpu_s >= 0 and gpu_s < 'infinity'),
    finish_s   double precision not null check (finish_s >= 0 and finish_s < 'infinity'),
    prices     jsonb,
    made_from  jsonb            not null
);
comment on table forecast is 'Forecasts of backfills: of objects that were new when they were made. Never changed.';
comment on column forecast.prefixes is 'What was listed: a prefix a data interval, or the source''s own where it has no date.';
comment on column forecast.by_date is 'The prefixes say the date; if not, only objects last modified between first_at and last_at were counted.';
comment on column forecast.made_at is 'Before the listing began: the ledger''s history tells what was new then.';
comment on column forecast.made_from is 'What the figures were made from: ranges, rates and where they were learned, what waited, slots.';
create index forecast_by_source on forecast (source, id);
create trigger forecast_kept before update or delete or truncate on forecast
    for each statement execute function refuse_change();

-- Reviewing a forecast, and learning from what was done, go by bucket and key of one source.
create index batch_finished on batch (source, id) where finished_at is not null;
