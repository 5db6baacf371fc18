select o.source,
       count(*) filter (where o.first_seen_by = 'event'),
       count(*) filter (where o.first_seen_by = 'listing'),
       count(*) filter (where o.state = 'seen'),
       (select h.last_event_at from hearing h where h.source = o.source)
from media_object o
where o.claimed_at > now() - %(window_s)s * interval '1 second'
group by o.source
order by o.source
