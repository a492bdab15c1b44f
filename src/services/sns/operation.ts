import { AccessRefused, type Ask } from "../../auth/access.ts";
import type { ContextValue } from "../../auth/policy/request.ts";
import { isTopicChanged } from "../../metadata/topics/topics.ts";
import type { QueryResult } from "../../protocols/aws-query/answer.ts";
import { validationError } from "../../protocols/aws-query/error.ts";
import { type Fields, type Input, readFields } from "../../protocols/aws-query/fields.ts";
import type { QueryNode } from "../../protocols/aws-query/parameters.ts";
import { parseTopicArn, topicArn } from "../../topics/settings.ts";
import { accountOf, type SnsCall, type TopicCall } from "./model/call.ts";
import { invalidParameter, noSuchTopic, snsError } from "./model/errors.ts";
import type { KnownTopic } from "./model/topic-memory.ts";

/** An operation without the types of its parameters. */
export interface SnsOperation {
  /** `action`: `sns:Publish`. */
  run(call: SnsCall, action: string, parameters: QueryNode): Promise<QueryResult | null>;
}

type TopicName = NonNullable<ReturnType<typeof parseTopicArn>>;

/** How often an operation is tried if its topic is changed at the same time. */
const ATTEMPTS_MAX = 20;

interface TopicDefinition<F extends Fields> {
  readonly fields: F;
  /** The ARN of the topic that it is about. */
  topic(input: Input<F>): string;
  /** The action that it needs, if it is another than its own. */
  readonly action?: string;
  /** Whether the topic's policy can allow it to other accounts. */
  readonly acrossAccounts: boolean;
  /** Whether what the caller may is read from the table each time. What writes need not: its batch is guarded by the topic's revision. */
  readonly readsTable?: true;
  /** What is answered if there is no such topic. Absent: NotFound. */
  readonly missing?: () => Error;
  /** What is wrong with the input whatever the topic. Throws. */
  check?(input: Input<F>): void;
  /** The condition keys that follow from the input. */
  context?(input: Input<F>): ReadonlyMap<string, ContextValue>;
  /** Does it: the caller may. Whatever it writes is guarded by the topic as it was read. It may be called again. */
  run(call: TopicCall, input: Input<F>): Promise<QueryResult | null>;
}

/** An operation on one topic: parameters → topic → permission → run. Nothing is changed before the permission is given. */
export function topicOperation<F extends Fields>(definition: TopicDefinition<F>): SnsOperation {
  return {
    async run(call, action, parameters) {
      const input = readInput(definition.fields, parameters);
      definition.check?.(input);
      const name = topicOf(definition.topic(input));
      const asked = { ...definition, action: definition.action ?? action, context: definition.context?.(input) };
      return withTopic(call, name, { asked, run: (one) => definition.run(one, input) });
    },
  };
}

/** Runs something on a topic, again if the topic was changed meanwhile. */
async function withTopic(
  call: SnsCall,
  name: TopicName,
  { asked, run }: { asked: Asked; run: (call: TopicCall) => Promise<QueryResult | null> },
): Promise<QueryResult | null> {
  for (let attempt = 1; ; attempt++) {
    const topic = await demand(call, name, asked);
    try {
      return await run({ ...call, topic });
    } catch (error) {
      if (!isTopicChanged(error)) throw error;
      call.memory.forget(name);
      if (attempt >= ATTEMPTS_MAX) throw snsError("ConcurrentAccess", "The topic is being changed all the time.");
    }
  }
}

interface Asked {
  readonly action: string;
  readonly acrossAccounts: boolean;
  readonly missing?: () => Error;
  readonly readsTable?: true;
  readonly context: ReadonlyMap<string, ContextValue> | undefined;
}

/** The topic, if the caller may. A denial by what is remembered is made sure of. A topic that is not there is told to those who could use it. */
async function demand(call: SnsCall, name: TopicName, asked: Asked): Promise<KnownTopic> {
  const remembered = asked.readsTable ? undefined : call.memory.recall(name);
  if (remembered !== undefined && isNamed(remembered, name)) {
    try {
      call.caller.demand([askFor(call, remembered, asked)]);
      return remembered;
    } catch (error) {
      if (!(error instanceof AccessRefused)) throw error;
    }
  }
  const found = await call.memory.read(call.context.tables, name);
  const topic = found !== null && isNamed(found, name) ? found : null;
  call.caller.demand([askFor(call, topic ?? { ...name, arn: topicArn(name), policy: null, tags: [] }, asked)]);
  if (topic === null) throw (asked.missing ?? noSuchTopic)();
  return topic;
}

/** A topic is known by its ARN alone, its region included. */
function isNamed({ arn }: KnownTopic, name: TopicName): boolean {
  return arn === topicArn(name);
}

function askFor(
  call: SnsCall,
  topic: Pick<KnownTopic, "accountId" | "arn" | "tags"> & { readonly policy: KnownTopic["policy"] | null },
  { action, acrossAccounts, context }: Asked,
): Ask {
  const counts = acrossAccounts || accountOf(call) === topic.accountId;
  const tags = new Map(topic.tags.map(([key, value]) => [`aws:resourcetag/${key.toLowerCase()}`, value]));
  return {
    action,
    resource: topic.arn,
    resourceAccountId: topic.accountId,
    ...(counts && topic.policy !== null && { resourcePolicy: topic.policy }),
    context: (key) => context?.get(key) ?? tags.get(key),
  };
}

/** Reads the parameters. Throws ValidationError. */
export function readInput<F extends Fields>(fields: F, parameters: QueryNode): Input<F> {
  const read = readFields(parameters, fields);
  if (read.ok) return read.input;
  throw validationError(read.message);
}

function topicOf(arn: string): TopicName {
  const name = parseTopicArn(arn);
  if (name !== null) return name;
  throw invalidParameter("TopicArn", "An ARN must have at least 6 elements, not a topic's");
}
