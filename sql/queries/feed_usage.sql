-- What was taken from a feed within a day. Lengths are known once a recording is normalised; before, the feed's own
-- statement counts if it fits the size, else the usual rate of speech.
select
    (select count(*)::int from episode e where e.feed_id = %(feed_id)s and e.first_seen_at > now() - interval '1 day') as noted,
    count(c.id)::int + (
        select count(*)::int from episode e
        where e.feed_id = %(feed_id)s and e.state = 'same' and e.checked_at > now() - interval '1 day'
    ) as episodes,
    coalesce(sum(c.size), 0)::bigint as bytes,
    coalesce(sum(coalesce(
        r.duration_s,
        case when e.duration_s between c.size / 200000.0 and c.size / 1000.0 then e.duration_s else c.size / 16000.0 end
    )), 0)::double precision as seconds
from episode_copy c
join episode e on e.id = c.episode_id
left join media_object o on (o.bucket, o.key, o.etag) = (c.bucket, c.key, c.etag)
left join recording r on r.audio_sha256 = o.audio_sha256
where e.feed_id = %(feed_id)s and c.copied_at > now() - interval '1 day'
