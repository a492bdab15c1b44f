import type { Database } from "../database.ts";
import { DeliveryTable } from "./deliveries.ts";
import { PublicationTable } from "./publications.ts";
import { SigningCertificateTable } from "./signing-certificates.ts";
import { SubscriptionTable } from "./subscriptions.ts";
import { TopicTable } from "./topics.ts";
import { TopicUpkeep } from "./upkeep.ts";

/** Topics, their subscriptions, and what is on its way to them. Of use in the first database alone. */
export class Topics {
  readonly topics: TopicTable;
  readonly subscriptions: SubscriptionTable;
  readonly publications: PublicationTable;
  readonly deliveries: DeliveryTable;
  readonly certificates: SigningCertificateTable;
  readonly upkeep: TopicUpkeep;

  constructor(database: Database) {
    this.topics = new TopicTable(database);
    this.subscriptions = new SubscriptionTable(database);
    this.publications = new PublicationTable(database);
    this.deliveries = new DeliveryTable(database);
    this.certificates = new SigningCertificateTable(database);
    this.upkeep = new TopicUpkeep(database);
  }
}
