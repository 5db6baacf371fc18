#!/bin/sh
# Makes the speech environment at /opt/speech from requirements-speech.txt; both images run this.
#   SPEECH_DEVICE=cuda   everything as pinned: torch from the package index brings its CUDA libraries (about 6 GB)
#   SPEECH_DEVICE=cpu    without those libraries (about 2 GB); torch must then come from an index with CPU builds,
#                        which PyTorch documents: name it in PIP_EXTRA_INDEX_URL
set -eu

case "${SPEECH_DEVICE:?}" in
    cuda) left_out='^$' ;;
    cpu)
        : "${PIP_EXTRA_INDEX_URL:?SPEECH_DEVICE=cpu needs PIP_EXTRA_INDEX_URL, the index of CPU builds of torch}"
        left_out='^(nvidia-|cuda-|triton==)'
        ;;
    *) echo "SPEECH_DEVICE=${SPEECH_DEVICE}: must be cpu or cuda" >&2; exit 1 ;;
esac

python3 -m venv /opt/speech
grep -Ev "$left_out" requirements-speech.txt > /tmp/requirements.txt
# The file is a whole, solved environment: --no-deps keeps pip from adding to it.
/opt/speech/bin/pip install --no-cache-dir --no-deps -r /tmp/requirements.txt
/opt/speech/bin/pip install --no-cache-dir --no-deps .
rm /tmp/requirements.txt
