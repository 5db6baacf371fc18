select id, kind, reasons, opened_at, closed_at, resolution
from review_item where media_object_id = %(id)s order by id
