-- The outbox, complete: withdrawals stand in it beside publications, and what was refused waits before another try.

alter table publication
    alter column transcript_id drop not null,
    add column kind text not null default 'publish' check (kind in ('publish', 'withdraw')),
    add column not_before timestamptz not null default now(),
    add constraint publication_transcript_unless_withdrawn check ((kind = 'publish') = (transcript_id is not null));
comment on table publication is
    'The outbox: a row with every change of what Elasticsearch should show of a recording, in the same transaction. Only the newest of a recording matters.';
comment on column publication.kind is 'withdraw: no document of this recording must be left; its transcript may be gone already.';
comment on column publication.not_before is 'After a failure: not tried again before this moment.';
create index publication_settled on publication (published_at) where published_at is not null;

-- What left the search's reach before there were withdrawals.
insert into publication (kind, audio_sha256) select 'withdraw', audio_sha256 from withdrawn_recording;
