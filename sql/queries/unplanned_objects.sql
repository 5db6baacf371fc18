-- The conditions are on the locked row itself, so that a second planner checks them again on its newest version.
select o.id, o.key, o.size, o.lane, o.attempts, o.reason_code as code, o.reason_class as failure_class, r.duration_s
from media_object o
left join recording r on r.audio_sha256 = o.audio_sha256
where o.source = %(source)s and o.state = 'claimed' and o.batch_id is null
  and (o.not_before is null or o.not_before <= now())
order by o.id
limit %(limit)s
for update of o skip locked
