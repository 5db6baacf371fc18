-- Transcripts: versioned, loaded whole in one transaction, never changed. Times are seconds on the source's own clock.

create table transcript (
    id                  bigint generated always as identity primary key,
    audio_sha256        text             not null references recording,
    media_object_id     bigint           not null references media_object,
    version             int              not null check (version >= 1),
    fingerprint         text             not null check (fingerprint <> ''),
    start_s             double precision not null check (start_s >= 0),
    end_s               double precision not null check (end_s >= start_s and end_s < 'infinity'),
    language            text             not null check (language <> ''),
    language_confidence double precision not null check (language_confidence between 0 and 1),
    recogniser          text             not null,
    fallback            text,
    confidence          double precision check (confidence between 0 and 1),
    coverage            double precision not null check (coverage between 0 and 1),
    needs_review        boolean          not null,
    reasons             text[]           not null default '{}',
    speakers            text[]           not null,
    turn_count          int              not null check (turn_count >= 0),
    word_count          int              not null check (word_count >= turn_count),
    is_current          boolean          not null default false,
    created_at          timestamptz      not null default now(),
    unique (audio_sha256, version),
    constraint transcript_once unique (audio_sha256, fingerprint),
    constraint transcript_confidence_of_words check ((confidence is null) = (word_count = 0))
);
comment on column transcript.fingerprint is 'Names the computation: the same one is never loaded twice.';
comment on column transcript.fallback is 'Why the preferred recogniser was not used, if so.';
comment on column transcript.confidence is 'Mean P(word is right); null where nothing was said.';
comment on column transcript.coverage is 'Share of speech seconds that have a word within reach.';
create unique index transcript_current on transcript (audio_sha256) where is_current;
create index transcript_by_object on transcript (media_object_id);

create table turn (
    transcript_id bigint           not null references transcript on delete cascade,
    turn_index    int              not null check (turn_index >= 0),
    start_s       double precision not null check (start_s >= 0),
    end_s         double precision not null check (end_s < 'infinity'),
    speaker       text             not null check (speaker <> ''),
    language      text             not null check (language <> ''),
    text          text             not null,
    confidence    double precision not null check (confidence between 0 and 1),
    primary key (transcript_id, turn_index),
    check (start_s < end_s)
);
comment on column turn.text is 'As people read it (case restored); the recognised tokens are in word.';

create table word (
    transcript_id bigint           not null,
    word_index    int              not null check (word_index >= 0),
    turn_index    int              not null,
    start_s       double precision not null check (start_s >= 0),
    end_s         double precision not null check (end_s < 'infinity'),
    text          text             not null check (text <> '' and strpos(text, ' ') = 0),
    confidence    double precision not null check (confidence between 0 and 1),
    speaker       text,
    primary key (transcript_id, word_index),
    foreign key (transcript_id, turn_index) references turn on delete cascade,
    check (start_s < end_s)
);
comment on column word.confidence is 'P(this word is right).';
create index word_by_turn on word (transcript_id, turn_index);

create table topic (
    transcript_id bigint not null references transcript on delete cascade,
    topic_index   int    not null check (topic_index >= 0),
    kind          text   not null check (kind in ('entity', 'phrase')),
    text          text   not null check (text <> ''),
    label         text,
    primary key (transcript_id, topic_index),
    constraint topic_label_of_entity check (kind = 'entity' or label is null)
);
create index topic_by_text on topic (lower(text));

create table topic_mention (
    transcript_id bigint           not null,
    topic_index   int              not null,
    turn_index    int              not null,
    start_s       double precision not null check (start_s >= 0 and start_s < 'infinity'),
    foreign key (transcript_id, topic_index) references topic on delete cascade,
    foreign key (transcript_id, turn_index) references turn on delete cascade
);
create index topic_mention_by_topic on topic_mention (transcript_id, topic_index);
create index topic_mention_by_turn on topic_mention (transcript_id, turn_index);

-- What one row's check cannot see: order, and lying inside the whole. Once a statement, over the rows it added.
create function check_turns() returns trigger language plpgsql as $$
declare bad record;
begin
    select t.transcript_id, t.turn_index into bad
    from (select a.*, lag(a.start_s) over (partition by a.transcript_id order by a.turn_index) as before from added a) t
    join transcript on transcript.id = t.transcript_id
    where t.start_s < t.before or t.start_s < transcript.start_s or t.end_s > transcript.end_s
    limit 1;
    if found then
        raise exception 'transcript %: turn % is out of order or outside the recording', bad.transcript_id, bad.turn_index
            using errcode = 'check_violation';
    end if;
    return null;
end $$;
create trigger turn_in_order after insert on turn referencing new table as added
    for each statement execute function check_turns();

create function check_words() returns trigger language plpgsql as $$
declare bad record;
begin
    select w.transcript_id, w.word_index into bad
    from (
        select a.*, lag(a.start_s) over in_turn as start_before, lag(a.end_s) over in_turn as end_before
        from added a window in_turn as (partition by a.transcript_id, a.turn_index order by a.word_index)
    ) w
    join turn using (transcript_id, turn_index)
    where w.start_s < w.start_before or w.end_s < w.end_before or w.start_s < turn.start_s or w.end_s > turn.end_s
    limit 1;
    if found then
        raise exception 'transcript %: word % is out of order or outside its turn', bad.transcript_id, bad.word_index
            using errcode = 'check_violation';
    end if;
    return null;
end $$;
create trigger word_in_order after insert on word referencing new table as added
    for each statement execute function check_words();

create trigger turn_never_changed before update on turn for each statement execute function refuse_change();
create trigger word_never_changed before update on word for each statement execute function refuse_change();
create trigger topic_never_changed before update on topic for each statement execute function refuse_change();
create trigger topic_mention_never_changed before update on topic_mention for each statement execute function refuse_change();
-- Which version is current is the only thing about a transcript that moves.
create trigger transcript_never_changed before update of
    audio_sha256, media_object_id, version, fingerprint, start_s, end_s, language, language_confidence, recogniser, fallback,
    confidence, coverage, needs_review, reasons, speakers, turn_count, word_count, created_at
    on transcript for each statement execute function refuse_change();
