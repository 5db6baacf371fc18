#!/bin/sh
# Creates the speech environment at /opt/speech from requirements-speech.txt; both images run it.
#   SPEECH_DEVICE=cuda   all pinned packages; torch from the package index needs its CUDA libraries (about 6 GB)
#   SPEECH_DEVICE=cpu    without those libraries (about 2 GB); set PIP_EXTRA_INDEX_URL to an index with CPU builds of
#                        torch, which PyTorch documents
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
# The file lists the whole environment, so pip must not resolve dependencies.
/opt/speech/bin/pip install --no-cache-dir --no-deps -r /tmp/requirements.txt
/opt/speech/bin/pip install --no-cache-dir --no-deps .
rm /tmp/requirements.txt
