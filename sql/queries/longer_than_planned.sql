-- Recordings of this batch that turned out far longer than their size made expect leave it, so that the others do not wait
-- for them; alone in a batch, a recording stays.
update media_object o
set batch_id = null
from batch_item_stage s
where o.batch_id = %(batch_id)s and o.state = 'claimed'
  and s.batch_id = o.batch_id and s.media_object_id = o.id and s.stage = 'normalize'
  and (s.summary ->> 'duration')::double precision >= %(longest)s
  and (select count(*) from media_object other where other.batch_id = %(batch_id)s and other.state = 'claimed') > 1
returning o.id
