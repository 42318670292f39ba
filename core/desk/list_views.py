"""Search and views over followed lists, as the search bar and the tabs ask for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

from core.errors import QueryError

if TYPE_CHECKING:
    from core.config import Config
    from core.index.index import Index
    from core.search.list_search import ListSearch
    from core.search.saved_views import SavedView


class ListViews:
    """The search of followed lists and the queries with a name. Any thread may ask; raises IndexFileError."""

    def __init__(
        self,
        index: Callable[[], Index],
        config: Config | None = None,
    ) -> None:
        """`index` returns the open index."""
        self._index = index
        self._config = config
        self._search: ListSearch | None = None
        self._lock = threading.Lock()

    @property
    def config(self) -> Config:
        """The configuration, the default one where none was given."""
        from core.config import Config

        return self._config or Config()

    @property
    def search(self) -> ListSearch:
        """The search, made when it is first asked for."""
        with self._lock:
            if self._search is None:
                from core.search.list_search import ListSearch
                from core.search.maintenance import fuzzy_cache_dir

                self._search = ListSearch(self._index(), self.config, cache=fuzzy_cache_dir())
            return self._search

    @property
    def all(self) -> tuple[SavedView, ...]:
        """The views, in the order of their tabs."""
        from core.search.saved_views import saved_views

        return saved_views(self.config.views)

    def count(self, view: SavedView, lists: Collection[str], stop: Event) -> int | None:
        """Return how many rows a view has; None where its query cannot be read, or `stop` is set."""
        try:
            return None if stop.is_set() else self.search.count(view.query, lists)
        except QueryError:
            return None

    def save(self, name: str, query: str) -> None:
        """Give a query a name, in the configuration. Raises ConfigError and QueryError."""
        from core.search.saved_views import save_view
        from core.system.paths import config_file

        self.search.check(query)
        save_view(name, query, config_file())
        config = self.config
        self._config = replace(config, views={**config.views, name: query})

    def can_ask_server(self, list_name: str) -> bool:
        """Whether a list is followed on a server, which can be asked for more."""
        from core.sync.follow import SyncMethod, sync_method_of

        followed = self.config.lists.get(list_name)
        return followed is not None and sync_method_of(followed) is not SyncMethod.DISK

    def close(self) -> None:
        """Stop building the search index."""
        if self._search is not None:
            self._search.close()
