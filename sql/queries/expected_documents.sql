-- What Elasticsearch should have of each recording, and whether it is still in the outbox.
select r.audio_sha256, t.id as transcript_id, v.version, t.turn_count as turns,
       newest.id is not null and newest.published_at is null as due,
       extract(epoch from now() - newest.created_at)::float8 as due_s, newest.attempts, newest.last_error
from recording r
left join transcript t on t.audio_sha256 = r.audio_sha256 and t.is_current
left join lateral (select max(p.id) as version from publication p where p.transcript_id = t.id) v on true
left join lateral (
    select p.id, p.created_at, p.published_at, p.attempts, p.last_error
    from publication p where p.audio_sha256 = r.audio_sha256
    order by p.id desc limit 1
) newest on true
where r.audio_sha256 > %(after)s and (%(audios)s::text[] is null or r.audio_sha256 = any (%(audios)s::text[]))
order by r.audio_sha256
limit %(limit)s
