-- Only the newest object under a key is in the bucket. It replaces the others after it reached a final state with a
-- transcript or a review; until then, or if it is quarantined, the older ones stay.
with version as (
    select o.id, o.bucket, o.key, o.last_modified, o.state,
           o.state in ('indexed', 'duplicate') or (o.state = 'in_review' and o.reason_code = 'review_assessment') as shown
    from media_object o
    where (o.bucket, o.key) in (
        select m.bucket, m.key from batch_item i
        join media_object m on m.id = i.media_object_id and m.batch_id = i.batch_id
        where i.batch_id = %(batch_id)s
    )
)
select older.id, min(newer.id) as replaced_by
from version older
join version newer on (newer.bucket, newer.key) = (older.bucket, older.key) and newer.shown
    and (newer.last_modified, newer.id) > (older.last_modified, older.id)
where older.state <> 'gone'
group by older.id
order by older.id
