"""models.toml as the trainer takes it."""

from models.config import load_config


def test_our_own_lines_alone_are_learned_by_the_recipe_as_it_stands() -> None:
    config = load_config()
    assert config.recipe_of(None) == config.recipe


def test_a_mixture_changes_what_it_names_and_nothing_else() -> None:
    config = load_config()
    recipe = config.recipe_of("open")
    assert (recipe.batch, recipe.epochs, recipe.patience) == (
        config.mixture.batch,
        config.mixture.epochs,
        config.mixture.patience,
    )
    assert (recipe.probe_epochs, recipe.mixing) == (
        config.mixture.probe_epochs,
        config.mixture.mixing,
    )
    assert (recipe.lora_rank, recipe.window) == (config.recipe.lora_rank, config.recipe.window)
