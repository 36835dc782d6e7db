"""One SQL over all sources: parse, bind, plan, push down, run."""
