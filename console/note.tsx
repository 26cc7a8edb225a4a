import { Fact } from './fact.tsx'
import { linkToReference } from './location.ts'

/** What a client added to a movement. */
export interface Noted {
  readonly reference?: string | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

/** A line of it for a table; metadata may be long, so it is opened on demand. */
export function NoteLine({ reference, metadata }: Noted) {
  return (
    <>
      {reference !== undefined && <ReferenceLink reference={reference} />}
      {metadata !== undefined && (
        <details>
          <summary>Metadata</summary>
          <Metadata fields={metadata} />
        </details>
      )}
    </>
  )
}

/** All of it, as facts of a movement. */
export function NoteFacts({ reference, metadata }: Noted) {
  return (
    <>
      {reference !== undefined && (
        <Fact name="Reference">
          <ReferenceLink reference={reference} />
        </Fact>
      )}
      {metadata !== undefined && (
        <Fact name="Metadata">
          <Metadata fields={metadata} />
        </Fact>
      )}
    </>
  )
}

function ReferenceLink({ reference }: { readonly reference: string }) {
  return (
    <a class="text" href={linkToReference(reference)}>
      {reference}
    </a>
  )
}

function Metadata({ fields }: { readonly fields: Readonly<Record<string, string>> }) {
  return (
    <dl class="fields">
      {Object.entries(fields).map(([key, value]) => (
        <div key={key}>
          <dt class="text">{key}</dt>
          <dd class="text">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
