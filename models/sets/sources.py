"""Where records come from: a folder of JSON lines, or the Hugging Face hub."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
from huggingface_hub.errors import HfHubHTTPError

from models.errors import ModelError
from models.sets.spec import Hub, PublicSet, Record

# A set -> its records, in the order they were published. Raises ModelError where it is not to be
# had, or not in the form it should have.
Source = Callable[[PublicSet], list[Record]]


def folder(path: Path) -> Source:
    """Records of the JSON-lines files in a folder, a file a set."""

    def read(public: PublicSet) -> list[Record]:
        file = path / public.file
        if not file.is_file():
            raise ModelError(f"The labelled set {public.name} is not there: looked for {file}.")
        decoder = msgspec.json.Decoder(Record)
        found = []
        for number, line in enumerate(file.read_bytes().splitlines(), 1):
            try:
                found.append(decoder.decode(line))
            except msgspec.DecodeError as error:
                raise ModelError(f"{file}:{number}: {error}") from error
        return found

    return read


def hub(download: Callable[..., Any] | None = None) -> Source:
    """Records of the files a set's publisher put on the hub, downloaded where they are not cached.

    `download` stands in for huggingface_hub.hf_hub_download.
    """

    def read(public: PublicSet) -> list[Record]:
        if public.hub is None:
            raise ModelError(
                f"The labelled set {public.name} is not on the Hugging Face hub; "
                f"it is read from a folder, as {public.file}."
            )
        found: list[Record] = []
        for file, split in public.hub.files.items():
            where = f"{public.hub.repo} on the Hugging Face hub, {file} at {public.hub.revision}"
            try:
                found += public.hub.read(_downloaded(public.hub, file, download), split)
            except (OSError, HfHubHTTPError, httpx.HTTPError) as error:
                raise ModelError(
                    f"The labelled set {public.name} is not there: looked for {where} ({error})."
                ) from error
            except (ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
                raise ModelError(
                    f"The labelled set {public.name} is not as expected in {where}: {error!r}"
                ) from error
        return found

    return read


def folder_or_hub(path: Path, download: Callable[..., Any] | None = None) -> Source:
    """Records of a folder's sets, and of the hub's where the folder lacks one that is there."""

    def read(public: PublicSet) -> list[Record]:
        if public.hub is None or (path / public.file).exists():
            return folder(path)(public)
        return hub(download)(public)

    return read


def _downloaded(hub: Hub, file: str, download: Callable[..., Any] | None) -> Path:
    from huggingface_hub import hf_hub_download

    fetch = download or hf_hub_download
    return Path(fetch(hub.repo, file, repo_type="dataset", revision=hub.revision))
