-- The earlier results of an object: a published transcript, open reviews, and whether another object could replace it.
select
    exists (
        select from recording r join transcript t on t.audio_sha256 = r.audio_sha256 and t.is_current
        where r.primary_object_id = o.id
    ) as shown,
    (
        select array_agg(distinct q.kind order by q.kind) from review_item q
        where q.media_object_id = o.id and q.closed_at is null
    ) as kinds,
    (
        select string_agg(array_to_string(q.reasons, '; '), '; ' order by q.id) from review_item q
        where q.media_object_id = o.id and q.closed_at is null
    ) as questions,
    exists (
        select from media_object c
        where c.audio_sha256 = o.audio_sha256 and c.id <> o.id and c.state not in ('gone', 'quarantined')
    ) as has_heir
from media_object o
where o.id = %(id)s
