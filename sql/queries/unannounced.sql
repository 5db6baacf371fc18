-- Objects uploaded since the last announcement, within the window, which only a listing found.
select count(*) as missed, max(h.since) as since, max(h.last_event_at) as last_event_at
from media_object o
join hearing h on h.source = o.source
where o.source = %(source)s and o.first_seen_by = 'listing'
  and o.last_modified > greatest(h.since, now() - %(window_s)s * interval '1 second')
  and o.last_modified < now() - %(grace_s)s * interval '1 second'
