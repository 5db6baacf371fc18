-- Retention and erasure: what is removed, the receipt that it was, and the only lawful way past "rows are never changed".

alter table media_object add column media_removed_at timestamptz;
comment on column media_object.media_removed_at is 'When retention removed the object from its bucket; results stay.';
alter table recording add column proxies_removed_at timestamptz;
comment on column recording.proxies_removed_at is 'When retention removed its normalised audio.';

create table erasure (
    id          bigint generated always as identity primary key,
    cause       text        not null check (cause in ('request', 'retention')),
    reason      text        not null check (reason <> ''),
    actor       text        not null check (actor <> ''),
    hide_keys   boolean     not null,
    opened_at   timestamptz not null default clock_timestamp(),
    emptied_at  timestamptz,
    finished_at timestamptz,
    counts      jsonb       not null default '{}',
    constraint erasure_finished_is_empty check (finished_at is null or emptied_at is not null)
);
comment on column erasure.emptied_at is 'When bucket and catalog held nothing more of it; what may be left are documents in Elasticsearch.';
comment on table erasure is
    'Receipts: opened before anything is removed, finished when nothing is left. No content, no keys: hashes and counts.';
comment on column erasure.counts is 'How much was removed of each kind, over all tries.';
comment on column erasure.hide_keys is 'Keys tell something too: the ledger rows get a hash in place of the key at the end.';
create index erasure_unfinished on erasure (id) where finished_at is null;

create table erasure_object (
    erasure_id      bigint  not null references erasure,
    media_object_id bigint  not null references media_object,
    whole_key       boolean not null,
    place_sha256    text    not null check (place_sha256 ~ '^[0-9a-f]{64}$'),
    etag            text    not null,
    size            bigint  not null,
    primary key (erasure_id, media_object_id)
);
comment on column erasure_object.whole_key is 'Every version under its key is removed, not only this one.';
comment on column erasure_object.place_sha256 is
    'SHA-256 of s3://bucket/key: who knows the name finds the receipt, and nobody learns the name from it.';
create index erasure_object_by_object on erasure_object (media_object_id);
create index erasure_object_by_place on erasure_object (place_sha256);

create table erasure_audio (
    erasure_id   bigint not null references erasure,
    audio_sha256 text   not null references recording,
    primary key (erasure_id, audio_sha256)
);
create index erasure_audio_by_audio on erasure_audio (audio_sha256);

create function keep_receipt() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.finished_at is null then
        return new;
    end if;
    raise exception '%: a finished receipt is never changed (%)', tg_table_name, lower(tg_op) using errcode = 'MI002';
end $$;
create trigger erasure_kept before update or delete on erasure for each row execute function keep_receipt();
create trigger erasure_not_truncated before truncate on erasure for each statement execute function refuse_change();
create trigger erasure_object_kept before update or delete or truncate on erasure_object
    for each statement execute function refuse_change();
create trigger erasure_audio_kept before update or delete or truncate on erasure_audio
    for each statement execute function refuse_change();

-- The one exception: inside erase_content(), for as long as its receipt is open.
create or replace function refuse_change() returns trigger language plpgsql as $$
begin
    if tg_op <> 'TRUNCATE' and tg_table_name not like 'erasure%' and exists (
        select from erasure where finished_at is null and id::text = current_setting('mediaindex.erasure', true)
    ) then
        return null;
    end if;
    raise exception '%: rows are never changed (%)', tg_table_name, lower(tg_op) using errcode = 'MI002';
end $$;

-- Results of stages may name things; numbers, and what tells a fallback from the preferred recogniser, do not.
create function without_content(summary jsonb) returns jsonb language sql immutable as $$
    select coalesce(jsonb_object_agg(name, value), '{}') from jsonb_each(summary) as one (name, value)
    where jsonb_typeof(value) in ('number', 'boolean') or name in ('recogniser', 'fallback', 'languages')
$$;

create function erase_content(receipt bigint) returns jsonb language plpgsql as $$
declare
    audios  text[];
    objects bigint[];
    reviews bigint[];
    removed jsonb;
begin
    perform from erasure where id = receipt and finished_at is null for update;
    if not found then
        raise exception 'erasure %: there is no open receipt of that number', receipt using errcode = 'MI004';
    end if;
    audios := array(select audio_sha256 from erasure_audio where erasure_id = receipt);
    objects := array(select media_object_id from erasure_object where erasure_id = receipt);
    -- Loaders and publishers of these recordings wait until it is done.
    perform from recording where audio_sha256 = any (audios) order by audio_sha256 for update;
    perform set_config('mediaindex.erasure', receipt::text, true);
    removed := jsonb_build_object(
        'transcripts', (select count(*) from transcript where audio_sha256 = any (audios)),
        'turns', (select count(*) from turn join transcript t on t.id = transcript_id where audio_sha256 = any (audios)),
        'words', (select count(*) from word join transcript t on t.id = transcript_id where audio_sha256 = any (audios)),
        'topics', (select count(*) from topic join transcript t on t.id = transcript_id where audio_sha256 = any (audios))
    );
    reviews := array(
        select id from review_item
        where media_object_id = any (objects)
           or transcript_id in (select id from transcript where audio_sha256 = any (audios))
    );
    delete from review_event where review_id = any (reviews);
    delete from review_item where id = any (reviews);
    removed := removed || jsonb_build_object('reviews', cardinality(reviews));
    delete from publication where audio_sha256 = any (audios) and kind = 'publish';
    delete from transcript where audio_sha256 = any (audios);
    -- What it cost stays, what it was does not.
    update stage_run set summary = without_content(summary), error_message = null where media_object_id = any (objects);
    update batch_item_stage set summary = without_content(summary) where media_object_id = any (objects);
    update batch_item set decision_reasons = '{}' where media_object_id = any (objects);
    update media_object_event set reason = null where media_object_id = any (objects) and reason is not null;
    update recording set title = null, facts = '{}' where audio_sha256 = any (audios);
    update media_object set metadata = '{}' where id = any (objects);
    -- A feed that still names it must not bring it back.
    update episode e
    set state = 'erased', title = '', link = null, transcripts = '[]', resume_id = null, resume_if_range = null, sha256 = null
    from media_object o where o.id = any (objects) and (e.bucket, e.key) = (o.bucket, o.key);
    perform set_config('mediaindex.erasure', '', true);
    return removed;
end $$;
comment on function erase_content(bigint) is
    'Removes all content of the receipt''s recordings from the catalog; what was removed. Moves, costs and ids stay.';

-- Runs before media_object_move (triggers go by name).
create function fence_media_object() returns trigger language plpgsql as $$
begin
    if new.state <> 'gone' and old.state = 'gone' and exists (
        select from erasure_object x join erasure e on e.id = x.erasure_id
        where x.media_object_id = old.id and e.finished_at is null
    ) then
        return null;  -- a listing that saw it just before: not while it is being erased
    end if;
    if new.state = 'claimed' and old.state in ('indexed', 'in_review', 'duplicate', 'quarantined')
       and old.media_removed_at is not null and not exists (
           select from recording where audio_sha256 = old.audio_sha256 and proxies_removed_at is null
       ) then
        -- Trying would find nothing and take a good transcript out of the search.
        new := old;
        new.reason_code := 'media_expired';
        new.reason := 'cannot be computed again: retention removed the recording and its normalised audio';
    end if;
    return new;
end $$;
create trigger media_object_fence before update on media_object for each row execute function fence_media_object();
