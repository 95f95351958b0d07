"""Chat completions as OpenAI's clients ask for them; every answer verbatim and cited as everywhere."""
