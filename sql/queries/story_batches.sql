select b.id, b.lane, b.dag_id, b.dag_run_id, b.created_at, b.started_at, b.finished_at, i.decision
from batch_item i join batch b on b.id = i.batch_id
where i.media_object_id = %(id)s order by b.id
