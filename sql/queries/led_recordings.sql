select audio_sha256 from recording where primary_object_id = %(id)s order by audio_sha256 for update
