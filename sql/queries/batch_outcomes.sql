-- Where each item of a batch stands, for its last task to settle. Locked, so that two finishes do not cross.
select
    o.id,
    o.state,
    t.id is not null and not exists (
        select from publication p where p.transcript_id = t.id and p.published_at is null
    ) as published,
    (
        select array_agg(distinct r.kind order by r.kind) from review_item r
        where r.media_object_id = o.id and r.closed_at is null
    ) as review_kinds,
    (
        select string_agg(array_to_string(r.reasons, '; '), '; ' order by r.id) from review_item r
        where r.media_object_id = o.id and r.closed_at is null
    ) as review_reasons
from batch_item i
join media_object o on o.id = i.media_object_id and o.batch_id = i.batch_id
left join transcript t on t.audio_sha256 = o.audio_sha256 and t.is_current
where i.batch_id = %(batch_id)s
order by o.id
for update of o
