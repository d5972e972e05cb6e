"""What a page refers to, and what a reader sees of it."""

from html.parser import HTMLParser


class References(HTMLParser):
    """Collects what a page would load or run, and the words that a reader sees."""

    def __init__(self, text):
        super().__init__()
        self.urls, self.tags, self.images, self.words = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        attributes = dict(attrs)
        self.urls += [attributes[k] for k in ("src", "srcset", "href") if k in attributes]
        if tag == "img":
            self.images.append(attributes)

    def handle_data(self, words):
        self.words.append(words)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())
