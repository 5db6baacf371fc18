-- Recordings whose objects are all older than the retention of their sources and not in work.
with policy as (
    select * from unnest(%(sources)s::text[], %(befores)s::timestamptz[]) as p (source, before)
)
select r.audio_sha256, array_agg(o.id order by o.id) as objects
from recording r
join media_object o on o.audio_sha256 = r.audio_sha256
left join policy p on p.source = o.source
where r.audio_sha256 > %(after)s
  and case when %(proxies)s then
          -- Computed again after the deletion, by a reprocessing.
          r.proxies_removed_at is null or exists (
              select from stage_run s
              where s.media_object_id = o.id and s.stage = 'normalize' and s.status = 'done'
                and s.recorded_at > r.proxies_removed_at
          )
      else true end
group by r.audio_sha256
having bool_and(p.before is not null and o.last_modified < p.before and o.state not in ('seen', 'claimed'))
   and not bool_and(o.state = 'gone' and coalesce(o.reason_code, '') in ('erased', 'expired'))
order by r.audio_sha256
limit %(limit)s
