-- Requeue the objects and add them to the request. Objects that another process moved meanwhile, or that retention
-- keeps from the queue, are left out of both.
with theirs as (
    select id from media_object
    where id = any (%(ids)s::bigint[]) and state in ('indexed', 'in_review')
    order by id
    for no key update
), moved as (
    update media_object o
    set state = 'claimed', batch_id = null, attempts = 0, not_before = null, lane = %(lane)s, reason_code = %(code)s,
        reason = %(reason)s, reason_class = null, reason_stage = null
    from theirs
    where o.id = theirs.id
    returning o.id, o.state
)
insert into reprocessing_item (reprocessing_id, media_object_id)
select %(request)s, id from moved where state = 'claimed'
