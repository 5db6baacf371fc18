-- The number of recordings that a request took, by source.
select o.source, count(*)::int
from reprocessing_item i join media_object o on o.id = i.media_object_id
where i.reprocessing_id = %(request)s
group by o.source
order by o.source
