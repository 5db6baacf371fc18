-- The outcome of each item of a batch. Locked, so that parallel calls of finish are serialised.
-- Only transcripts and reviews of this batch count, not earlier ones.
select
    o.id,
    o.state,
    t.id is not null as loaded,
    t.id is not null and not exists (
        select from publication p where p.transcript_id = t.id and p.published_at is null
    ) as published,
    (
        select p.last_error from publication p
        where p.transcript_id = t.id and p.published_at is null and p.last_error is not null
        order by p.id desc limit 1
    ) as refused,
    asked.kinds as review_kinds, asked.reasons as review_reasons
from batch_item i
join media_object o on o.id = i.media_object_id and o.batch_id = i.batch_id
left join batch_item_stage s
    on s.batch_id = i.batch_id and s.media_object_id = i.media_object_id and s.stage = %(last_stage)s
left join transcript t on t.audio_sha256 = o.audio_sha256 and t.is_current and t.fingerprint = s.fingerprint
left join lateral (
    select array_agg(distinct r.kind order by r.kind) as kinds,
           string_agg(array_to_string(r.reasons, '; '), '; ' order by r.id) as reasons
    from review_item r
    where r.media_object_id = o.id and r.closed_at is null
      and case r.kind when 'triage' then i.decision = 'review' else r.transcript_id = t.id end
) asked on true
where i.batch_id = %(batch_id)s
order by o.id
for update of o
