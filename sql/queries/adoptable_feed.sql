-- A feed that is not read any more and has the episodes of this one: the same feed at another address or of another source.
select f.id
from feed f
join episode e on e.feed_id = f.id
where f.id <> %(feed_id)s and e.bucket = %(bucket)s and e.state <> 'erased'
  and (
      f.retired_at is not null
      or (exists (select from source_use) and not exists (select from source_use u where u.source = f.source))
  )
group by f.id
having count(*) filter (where e.guid_sha256 = any (%(guids)s) or e.address = any (%(addresses)s))
    >= greatest(%(least)s, 0.5 * least(count(*), cardinality(%(guids)s)))
order by count(*) filter (where e.guid_sha256 = any (%(guids)s)) desc, f.id
limit 1
