with closed as (
    update review_item set closed_at = now(), resolution = 'gone'
    where media_object_id = %(id)s and closed_at is null
    returning id
)
insert into review_event (review_id, actor, action, details)
select id, 'pipeline', 'closed', '{"resolution": "gone"}' from closed
