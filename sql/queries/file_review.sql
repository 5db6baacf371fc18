insert into review_item (media_object_id, kind, transcript_id, reasons)
values (%(media_object_id)s, %(kind)s, %(transcript_id)s, %(reasons)s)
on conflict (media_object_id, kind) where closed_at is null
do update set transcript_id = excluded.transcript_id, reasons = excluded.reasons
where (review_item.transcript_id, review_item.reasons) is distinct from (excluded.transcript_id, excluded.reasons)
returning id, xmax = 0 as opened
