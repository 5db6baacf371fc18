"""From any file to 16 kHz PCM: ffmpeg and ffprobe, run so that a hostile file can neither hang nor read others."""
