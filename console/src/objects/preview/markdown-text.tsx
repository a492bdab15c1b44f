import Markdown from "react-markdown";

/** Makes elements, never HTML: tags in the text stay text. Pictures of other hosts are not fetched: the page's policy forbids it. */
export default function MarkdownText({ value }: { value: string }) {
  return (
    <div className="markdown">
      <Markdown
        components={{
          a: ({ href, children }) => (
            <a href={href} target="_blank" rel="noopener noreferrer">
              {children}
            </a>
          ),
          // The dialog's title comes before.
          h1: ({ children }) => <h2>{children}</h2>,
        }}
      >
        {value}
      </Markdown>
    </div>
  );
}
