#!/bin/sh
# Creates the speech environment at /opt/speech from requirements-speech.txt, whose hashes pip verifies; both images run it.
#   SPEECH_DEVICE=cuda   all pinned packages; torch from the package index needs its CUDA libraries (about 6 GB)
#   SPEECH_DEVICE=cpu    without those libraries (about 2 GB); set TORCH_INDEX_URL to the index with CPU builds of torch,
#                        which PyTorch documents. Only torch and torchaudio come from there, without hashes: they are
#                        other files than those of the package index, and no other package may come from it.
set -eu

case "${SPEECH_DEVICE:?}" in
    cuda) left_out='^$' ;;
    cpu)
        : "${TORCH_INDEX_URL:?SPEECH_DEVICE=cpu needs TORCH_INDEX_URL, the index of CPU builds of torch}"
        left_out='^(nvidia-|cuda-|triton==)'
        ;;
    *) echo "SPEECH_DEVICE=${SPEECH_DEVICE}: must be cpu or cuda" >&2; exit 1 ;;
esac

# A requirement is a line, and lines that begin with a space, with its hashes.
select_requirements() { # 1 to keep, 0 to leave out; a pattern
    awk -v keep="$1" -v pattern="$2" '/^[^ #]/ { matching = ($0 ~ pattern) } matching == keep' requirements-speech.txt
}

python3 -m venv /opt/speech
folder=$(mktemp --directory)
if [ "$SPEECH_DEVICE" = cpu ]; then
    select_requirements 1 '^(torch|torchaudio)==' | sed -n 's/^\([a-z]*==[0-9.]*\).*/\1/p' > "$folder/torch.txt"
    /opt/speech/bin/pip install --no-cache-dir --no-deps --index-url "$TORCH_INDEX_URL" -r "$folder/torch.txt"
    left_out="$left_out|^(torch|torchaudio)=="
fi
select_requirements 0 "$left_out" > "$folder/requirements.txt"
# The file lists the whole environment, so pip must not resolve dependencies.
/opt/speech/bin/pip install --no-cache-dir --no-deps --require-hashes -r "$folder/requirements.txt"
/opt/speech/bin/pip install --no-cache-dir --no-deps .
rm -r "$folder"
