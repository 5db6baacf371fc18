-- Recordings by their audio, batches of work, and what each stage did and cost.

create table recording (
    audio_sha256      text             primary key check (audio_sha256 ~ '^[0-9a-f]{64}$'),
    primary_object_id bigint           not null references media_object,
    duration_s        double precision check (duration_s >= 0 and duration_s < 'infinity'),
    title             text,
    facts             jsonb            not null default '{}',
    created_at        timestamptz      not null default now()
);
comment on table recording is 'One audio, whatever the names and containers it came under.';
comment on column recording.audio_sha256 is 'Hash of the decoded 16 kHz mono samples before any treatment.';
comment on column recording.primary_object_id is 'The object it is published under: the first that was seen with this audio.';
comment on column recording.facts is 'What normalize found: container, codec, loudness, …';
create index recording_by_primary on recording (primary_object_id);

alter table media_object add constraint media_object_recording foreign key (audio_sha256) references recording;

create table batch (
    id          bigint generated always as identity primary key,
    source      text        not null references source,
    lane        text        not null check (lane in ('fresh', 'backfill')),
    bytes       bigint      not null check (bytes >= 0),
    created_at  timestamptz not null default now(),
    dag_run_id  text        unique,
    started_at  timestamptz,
    finished_at timestamptz,
    constraint batch_started_has_run check ((dag_run_id is null) = (started_at is null))
);
comment on table batch is 'Objects that one run indexes together.';
comment on column batch.dag_run_id is 'Null until a run was started for it: a crash between planning and starting loses nothing.';
create index batch_unstarted on batch (id) where dag_run_id is null;

alter table media_object add column batch_id bigint references batch;
comment on column media_object.batch_id is
    'The batch that works on it now; null: not planned. On this row, and not only in batch_item, so that two planners meet on its lock.';
create index media_object_unplanned on media_object (source, id) where state = 'claimed' and batch_id is null;
create index media_object_by_batch on media_object (batch_id);

create table batch_item (
    batch_id         bigint not null references batch,
    media_object_id  bigint not null references media_object,
    position         int    not null check (position >= 0),
    decision         text   check (decision in ('transcribe', 'review')),
    decision_reasons text[] not null default '{}',
    primary key (batch_id, media_object_id),
    unique (batch_id, position)
);
comment on column batch_item.decision is 'What triage, or a person after it, said.';
create index batch_item_by_object on batch_item (media_object_id);

create table batch_item_stage (
    batch_id        bigint not null,
    media_object_id bigint not null,
    stage           text   not null check (stage <> ''),
    fingerprint     text   not null check (fingerprint <> ''),
    summary         jsonb  not null default '{}',
    primary key (batch_id, media_object_id, stage),
    foreign key (batch_id, media_object_id) references batch_item
);
comment on table batch_item_stage is
    'The artifact each item has at each stage. A row a stage, not a document an item: stages that run side by side never wait for each other.';

create table stage_run (
    id              bigint generated always as identity primary key,
    batch_id        bigint           not null references batch,
    media_object_id bigint           not null references media_object,
    audio_sha256    text,
    stage           text             not null check (stage <> ''),
    status          text             not null check (status in ('done', 'cached', 'failed')),
    cached          boolean          generated always as (status = 'cached') stored,
    engine          text             not null default '',
    fingerprint     text,
    wall_s          double precision not null check (wall_s >= 0 and wall_s < 'infinity'),
    cpu_s           double precision not null check (cpu_s >= 0 and cpu_s < 'infinity'),
    gpu_s           double precision not null check (gpu_s >= 0 and gpu_s < 'infinity'),
    peak_mb         double precision not null check (peak_mb >= 0 and peak_mb < 'infinity'),
    audio_s         double precision not null check (audio_s >= 0 and audio_s < 'infinity'),
    summary         jsonb            not null default '{}',
    error_kind      text             check (error_kind in ('terminal', 'transient')),
    error_code      text,
    error_message   text,
    recorded_at     timestamptz      not null default now(),
    constraint stage_run_failed_has_error check ((status = 'failed') = (error_kind is not null))
);
comment on table stage_run is 'One row an item, stage and attempt: what each file and stage cost, and what went wrong.';
create index stage_run_by_object on stage_run (media_object_id, stage);
create index stage_run_by_batch on stage_run (batch_id);
create index stage_run_by_time on stage_run (stage, recorded_at);
