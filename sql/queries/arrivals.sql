select o.source,
       count(*) filter (where o.first_seen_by = 'event') as by_event,
       count(*) filter (where o.first_seen_by = 'listing') as by_listing,
       count(*) filter (where o.state = 'seen') as waiting,
       (select h.last_event_at from hearing h where h.source = o.source) as last_event_at
from media_object o
where o.claimed_at > now() - %(window_s)s * interval '1 second'
group by o.source
order by o.source
